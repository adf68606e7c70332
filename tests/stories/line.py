# SPDX-License-Identifier: Apache-2.0
"""A bad line between two nodes, for stories."""
import socket
import threading

HANDSHAKE = 6000  # bytes a client says before its first consignment is out; ours here are larger


class Line(threading.Thread):
    """Between a node's published address and the node. `loses`: what comes back is swallowed once a consignment went
    there. `cuts`: how many bytes go there before each of the next cuts.
    `passed`: how many went there."""

    def __init__(self, port, to):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.to, self.loses, self.cuts, self.lost, self.cut, self.passed = to, 0, [], 0, 0, 0

    def run(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            state = {"there": 0}
            for source, sink, back in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.pass_on, args=(source, sink, back, state), daemon=True).start()

    def due(self, size):
        """True when the line is to be cut now."""
        if not self.cuts:
            return False
        self.cuts[-1] -= size
        if self.cuts[-1] > 0:
            return False
        self.cuts.pop()
        self.cut += 1
        return True

    def pass_on(self, source, sink, back, state):
        try:
            while data := source.recv(65536):
                if not back:
                    state["there"] += len(data)
                    self.passed += len(data)
                if back and self.loses and state["there"] > HANDSHAKE:
                    self.loses -= 1
                    self.lost += 1
                    break
                if not back and self.due(len(data)):
                    sink.sendall(data[:len(data) // 2])
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
