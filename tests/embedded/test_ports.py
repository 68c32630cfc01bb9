"""Ports are free, and the same at every start."""

import socket
from contextlib import contextmanager

import pytest

from energy_site.embedded.ports import Ports, any_free, is_free


@contextmanager
def listening(port=0, address="127.0.0.1"):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        yield server.getsockname()[1]


def choose(path, *, taken=()):
    ports = Ports.load(path)
    chosen = ports.choose("broker", free=lambda port, address: port not in taken)
    ports.save()
    return chosen, ports.notes


class TestIsFree:
    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
    def test_not_where_somebody_listens(self, address):
        with listening(address=address) as port:
            assert not is_free(port)

    def test_where_nobody_listens(self):
        assert is_free(any_free())

    def test_where_only_old_connections_linger(self):
        with listening() as port:
            client = socket.create_connection(("127.0.0.1", port))
            # Closed by the server's side first: that is the side that lingers.
            client.close()
        assert is_free(port)


class TestPorts:
    def test_the_usual_port_where_free(self, tmp_path):
        assert choose(tmp_path / "ports") == (1883, [])

    def test_the_next_one_where_taken_and_it_says_so(self, tmp_path):
        port, notes = choose(tmp_path / "ports", taken=(1883, 1884))
        assert port == 1885
        assert notes[0].startswith("Port 1883 is taken by ")
        assert notes[0].endswith("the MQTT broker uses 1885.")

    def test_the_same_one_at_the_next_start(self, tmp_path):
        choose(tmp_path / "ports", taken=(1883,))
        assert choose(tmp_path / "ports") == (1884, [])

    def test_another_where_the_kept_one_is_taken(self, tmp_path):
        choose(tmp_path / "ports", taken=(1883,))
        assert choose(tmp_path / "ports", taken=(1884,))[0] == 1883

    def test_two_servers_never_share_one(self, tmp_path):
        ports = Ports.load(tmp_path / "ports")
        ports.chosen = {"broker": 8001}
        free = {8001, 8002}
        chosen = ports.choose("site", free=lambda port, address: port in free)
        assert chosen == 8002

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"broker": "x"}'])
    def test_a_broken_file_chooses_anew(self, tmp_path, text):
        path = tmp_path / "ports"
        path.write_text(text)
        assert choose(path)[0] == 1883

    def test_who_holds_a_port_is_named(self, tmp_path):
        with listening() as port:
            ports = Ports(tmp_path / "ports", {"broker": port})
            ports.choose("broker")
        assert "python" in ports.notes[0]
