"""What two real parties need to talk: channels, handshake, time-outs."""
