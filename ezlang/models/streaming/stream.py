"""A side of a validation in batches: agrees with the other side, runs what is missing, closes.

One attempt is an agreement and a run of all batches that aren't done, spread over workers. A worker
that fails leaves its batches to the next attempt. When all batches are done, each side gives its
part of what they left to the closing program, which tells both the metrics and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ezlang.api import PartyCost, PartyResult
from ezlang.audit.commitments import commitment, new_nonce
from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.outcome import PartyOutcome, first_cause
from ezlang.executors.native.prepared import packed, unpacked
from ezlang.executors.native.single import run_at
from ezlang.records import dataclass
from ezlang.session.address import TIMEOUT, Address, require_private
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import connect
from ezlang.session.handshake import DEALERS, OPTIONS, Hello
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL
from ezlang.values.check import check_party
from ezlang.values.data import Data

from ..listing import VENDOR
from ..metrics import refusal
from ..validation import MASKED, BatchedValidation
from .agreement import Agreed, agree, check_peer, exchange, exchange_commitments, standing_of
from .crews import Crew, local_crew
from .pairs import Job, Run, lost
from .state import CLOSED, CLOSING, Batch, State, changed, check_own, in_text, load_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What both sides agree on: programs, sizes, and how the programs are prepared.

    `size`: how many samples a batch has. `last`: the program of the last one if it has fewer.
    """

    made: BatchedValidation
    batch: typed.Program
    last: typed.Program | None
    closing: typed.Program
    samples: int
    size: int
    protocol: str = DEFAULT_PROTOCOL
    profile: Profile = LAN
    memory: int = DEFAULT_MEMORY

    @property
    def count(self) -> int:
        """The number of batches."""
        return -(-self.samples // self.size)

    @property
    def programs(self) -> dict[str, typed.Program]:
        """All programs, by what they are run on."""
        last = {} if self.last is None else {"last": self.last}
        return {"batch": self.batch, **last, "closing": self.closing}

    def kind(self, number: int) -> str:
        """Return which of the programs is run on a batch."""
        return "last" if self.last is not None and number == self.count - 1 else "batch"

    def place(self, number: int) -> slice:
        """Return which samples a batch has."""
        return slice(number * self.size, min((number + 1) * self.size, self.samples))

    def numbers(self, number: int) -> int:
        """Return how many numbers a batch leaves."""
        place = self.place(number)
        return self.made.count(place.stop - place.start)

    def prepared(self, program: typed.Program) -> bytes:
        """Return the executable of a program, as bytes for `unpacked`."""
        return packed(program, self.protocol, self.profile, self.memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where this side meets the other one: the first address of its workers, and the dealer's.

    `insecure`: whether workers may be on other machines.
    """

    address: Address
    insecure: bool = False
    timeout: float = TIMEOUT
    dealer: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A validation that is over: this side's state, and the closing run.

    `programs`: the fingerprints of what was run.
    """

    programs: Mapping[str, str]
    state: State
    closing: PartyOutcome

    @property
    def result(self) -> PartyResult:
        """The metrics, and the costs of all runs in total, also of those before an interruption."""
        closing, batches = self.closing, self.state.batches.values()
        return PartyResult(
            party=closing.party,
            outputs=closing.outputs,
            cost=PartyCost(
                rounds=closing.rounds + sum(one.rounds for one in batches),
                ands=closing.ands + sum(one.ands for one in batches),
                bytes_sent=closing.bytes_sent + sum(one.bytes_sent for one in batches),
                bytes_received=closing.bytes_received + sum(one.bytes_received for one in batches),
            ),
            seconds={
                "batches": sum(one.seconds for one in batches),
                "closing": closing.seconds["run"],
            },
        )


@dataclass(slots=True, kw_only=True)
class Side:
    """One side of a validation, with its inputs for all samples: name → array or list.

    `path`: where its state is kept. `crew`: its workers; both sides use as many as the side that
    has fewer. `told` is called with the number of finished batches and that of all.
    """

    plan: Plan
    party: int
    inputs: Mapping[str, Data]
    path: Path
    links: Links
    crew: Crew = field(default_factory=lambda: local_crew(1))
    told: Callable[[int, int], None] = lambda _done, _count: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def _is_vendor(self) -> bool:
        return self._name == VENDOR

    @property
    def _name(self) -> str:
        return self.plan.batch.parties[self.party]

    def validate(self) -> Finished:
        """Run what is missing, and return the metrics.

        Raises EzError: exit code 2 if this side's inputs or state don't fit, 3 if the other side
        or the connection fails. Then the same call goes on with what both sides have.
        """
        plan = self.plan
        contents = {kind: plan.prepared(program) for kind, program in plan.programs.items()}
        closing: Executable = unpacked(contents["closing"])
        programs = {kind: unpacked(content).fingerprint for kind, content in contents.items()}
        fixed = self._fixed_inputs()
        hello = self._hello(closing, programs.values())
        state = self._own_state(hello.fingerprint)
        while True:
            state, agreed = self._meet(state, hello)
            missing = [one for one in range(plan.count) if one not in state.batches]
            self.told(len(state.batches), plan.count)
            if not missing:
                break
            # The last batch is run by itself if it has a program of its own.
            kind = plan.kind(missing[0])
            missing = [one for one in missing if plan.kind(one) == kind]
            places = self._places(agreed.hosts[: len(missing)])
            failures = self._spread(state, contents[kind], fixed, missing, places)
            if len(failures) == len(places):
                raise first_cause(failures)
        outcome = self._close(state, closing)
        return Finished(programs=programs, state=state, closing=outcome)

    def _hello(self, closing: Executable, fingerprints: Iterable[str]) -> Hello:
        plan = self.plan
        every = f"{' '.join(fingerprints)} {plan.count}"
        return Hello(
            party=self.party,
            names=closing.program.parties,
            fingerprint=hashlib.sha256(every.encode()).hexdigest(),
            params={"samples": plan.samples, "samples of a batch": plan.size},
            choices=dict(closing.choices),
            options={**OPTIONS, DEALERS: int(self.links.dealer is not None)},
        )

    def _fixed_inputs(self) -> dict[str, Data]:
        """Check this side's inputs; return those that are the same in all batches, encoded."""
        plan = self.plan
        if self._is_vendor:
            mask = np.zeros(plan.made.count(plan.size), np.int64)
            checked = check_party(plan.batch, self._name, {**self.inputs, plan.made.mask: mask})
            del checked[plan.made.mask]
            return checked
        for name in (plan.made.key, plan.made.beside):
            given = self.inputs.get(name, ())
            if name in self.inputs and (
                not hasattr(given, "__len__") or len(given) != plan.samples
            ):
                raise refusal(f"`{name}` isn't an array of {plan.samples} samples, as is agreed")
        for number in range(plan.count):
            self._inputs(number)
        return {}

    def _inputs(self, number: int) -> dict[str, Data]:
        """Return what this side gives to a batch, other than fixed inputs, checked or as a mask."""
        plan = self.plan
        if self._is_vendor:
            # A batch that is run again gets another mask: one mask hides one number.
            drawn = os.urandom(8 * plan.numbers(number))
            return {plan.made.mask: np.frombuffer(drawn, np.int64)}
        own = plan.place(number)
        given = {
            name: value[own] if name in (plan.made.key, plan.made.beside) else value
            for name, value in self.inputs.items()
        }
        return check_party(plan.programs[plan.kind(number)], self._name, given)

    def _own_state(self, program: str) -> State | None:
        """Return this side's state, if there is one to go on with."""
        state = load_state(self.path)
        if state is None:
            return None
        own = state.program == program and state.party == self.party
        same = own and commitment(self.inputs, state.nonce) == state.commitments[self.party]
        if same:
            return state
        if state.stage == CLOSED:
            return None
        check_own(state, self.path, program, self.party)
        raise changed(self.path)

    def _places(self, hosts: Sequence[str]) -> list[Address]:
        """Return where party 0 listens with each worker, at consecutive ports."""
        first, insecure = self.links.address, self.links.insecure
        places = [
            replace(first, host=host or first.host, port=first.port + at)
            for at, host in enumerate(hosts)
        ]
        for place in places:
            require_private(place, insecure=insecure)
        return places

    def _meet(self, state: State | None, hello: Hello) -> tuple[State, Agreed]:
        """Agree with the other side; return the state in which both go on, once it is kept."""
        hosts = self.crew.hosts()
        if not hosts:
            raise lost()
        channel = connect(self.links.address, hello, self.links.timeout)
        try:
            mine = standing_of(state, hosts)
            agreed = agree(mine, exchange(channel, mine), self.party, self.plan.count)
            if state is None or agreed.is_new:
                state = self._begin(channel, agreed.session, hello.fingerprint)
            else:
                own = state.commitments[self.party]
                check_peer(state, exchange_commitments(channel, own))
        finally:
            channel.close()
        state.parallel = len(agreed.hosts)
        state.batches = {one: state.batches[one] for one in sorted(agreed.common)}
        if len(state.batches) == self.plan.count and state.stage != CLOSED:
            # From now on, no batch is run again: a metric of other samples would tell of these.
            state.stage = CLOSING
        state.save(self.path)
        return state, agreed

    def _begin(self, channel: SocketChannel, session: str, program: str) -> State:
        nonce = new_nonce()
        own = commitment(self.inputs, nonce)
        other = exchange_commitments(channel, own)
        return State(
            program=program,
            party=self.party,
            session=session,
            nonce=nonce,
            commitments=[own, other] if self.party == 0 else [other, own],
            began=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _spread(
        self,
        state: State,
        content: bytes,
        fixed: Mapping[str, Data],
        missing: Sequence[int],
        places: Sequence[Address],
    ) -> list[EzError]:
        """Run batches on a worker for each place; return the errors of those that failed.

        Both sides give the same batches to worker i, in the same order.
        """

        def work(index: int) -> EzError | None:
            job = Job(
                program=content,
                inputs=fixed,
                party=self.party,
                index=index,
                address=places[index],
                timeout=self.links.timeout,
                dealer=self.links.dealer,
            )
            try:
                with self.crew.worker(job) as run:
                    for number in missing[index :: len(places)]:
                        self._run(state, number, run)
            except EzError as error:
                return error
            return None

        if len(places) == 1:
            failures = [work(0)]
        else:
            with ThreadPoolExecutor(len(places)) as threads:
                failures = list(threads.map(work, range(len(places))))
        return [one for one in failures if one is not None]

    def _run(self, state: State, number: int, run: Run) -> None:
        """Run a batch, and keep this side's part of what it leaves before the next one begins."""
        given = self._inputs(number)
        tag, outcome = run(given)
        if self._is_vendor:
            part = given[self.plan.made.mask]
        else:
            part = np.array(outcome.outputs[MASKED], np.int64)
        batch = Batch(
            tag=tag,
            part=in_text(part),
            seconds=outcome.seconds["run"],
            bytes_sent=outcome.bytes_sent,
            bytes_received=outcome.bytes_received,
            rounds=outcome.rounds,
            ands=outcome.ands,
        )
        with self._lock:
            state.batches[number] = batch
            state.save(self.path)
            self.told(len(state.batches), self.plan.count)

    def _close(self, state: State, closing: Executable) -> PartyOutcome:
        """Give this side's part of what all batches left, and be told the metrics."""
        made = self.plan.made
        part = state.combined(self.plan.count, made.sums)
        given: dict[str, Data] = {made.mask if self._is_vendor else MASKED: part}
        if made.given and not self._is_vendor:
            given[made.beside] = self.inputs[made.beside]
        outcome = run_at(
            closing,
            self.party,
            check_party(self.plan.closing, self._name, given),
            self.links.address,
            self.links.timeout,
            dealer=self.links.dealer,
        )
        state.stage = CLOSED
        state.save(self.path)
        return outcome
