/* Calls functions of an object file with buffers from standard input; writes the buffers back.
 *
 * All numbers are 64 bits, in the machine's order:
 *   buffers, then for each: size, bytes;
 *   pointers, then for each: buffer, offset, buffer, offset: the first place gets the second's
 *   address;
 *   calls, then for each: number of the function, arguments, then for each: kind, value, offset;
 *   kind 0 is the value itself, kind 1 the address of buffer number `value` + offset.
 * FUNCTIONS is a list of NAME(symbol).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME(symbol) extern void symbol(void);
FUNCTIONS
#undef NAME

typedef void (*function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                         uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

#define NAME(symbol) (function) symbol,
static const function functions[] = {FUNCTIONS};

enum { MOST_BUFFERS = 64, MOST_ARGUMENTS = 12, ALIGNMENT = 64, PADDING = 1024 };

static char *buffers[MOST_BUFFERS];
static uint64_t sizes[MOST_BUFFERS];

static void take(void *place, uint64_t size) {
    if (size && fread(place, 1, size, stdin) != size) exit(2);
}

static uint64_t number(void) {
    uint64_t value;
    take(&value, sizeof value);
    return value;
}

int main(void) {
    uint64_t count = number();
    if (count > MOST_BUFFERS) return 3;
    for (uint64_t i = 0; i < count; i++) {
        sizes[i] = number();
        uint64_t room = (sizes[i] + PADDING + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        buffers[i] = aligned_alloc(ALIGNMENT, room);
        for (uint64_t at = 0; at < room; at++) buffers[i][at] = 0;
        take(buffers[i], sizes[i]);
    }
    for (uint64_t left = number(); left; left--) {
        uint64_t place[4];
        take(place, sizeof place);
        *(char **)(buffers[place[0]] + place[1]) = buffers[place[2]] + place[3];
    }
    for (uint64_t left = number(); left; left--) {
        uint64_t which = number(), given = number(), a[MOST_ARGUMENTS] = {0};
        if (given > MOST_ARGUMENTS) return 3;
        for (uint64_t i = 0; i < given; i++) {
            uint64_t argument[3];
            take(argument, sizeof argument);
            a[i] = argument[0] ? (uint64_t)(buffers[argument[1]] + argument[2]) : argument[1];
        }
        functions[which](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
    }
    for (uint64_t i = 0; i < count; i++) fwrite(buffers[i], 1, sizes[i], stdout);
    return 0;
}
