# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trials without packets: what adds up, what a generator can do, and the search for a rate (dpdk_traffic)."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import control, traffic

TRIAL = {"size": 64, "mode": "max", "duration": 1.0, "bursts": 1, "rate": None, "count": None, "max_loss": None}


def counted(generator, forwarder):
    """Counters of both sides from (sent, received) of each port."""

    def rows(pairs):
        return {
            port: {"opackets": sent, "ipackets": received, "obytes": sent * 60, "ibytes": received * 60}
            for port, (sent, received) in enumerate(pairs)
        }

    return traffic.Counters(rows(generator), rows(forwarder))


def test_what_arrived_everywhere_is_accounted_for():
    result = traffic.account(counted([(100, 90), (50, 50)], [(90, 100), (50, 50)]))
    assert (result["sent"], result["forwarded"], result["lost"], result["dropped_by_forwarder"]) == (150, 140, 10, 10)
    assert result["unexplained"] == [] and result["loss"] == pytest.approx(1 / 15)


def test_one_packet_that_nobody_can_explain_is_found_where_it_was_lost():
    result = traffic.account(counted([(100, 99)], [(100, 100)]))
    assert result["unexplained"] == [
        {"port": 0, "direction": "forwarder to generator", "sent": 100, "received": 99},
    ]
    result = traffic.account(counted([(100, 101)], [(101, 100)]))
    assert result["unexplained"][0]["direction"] == "through the forwarder"


def test_counters_begin_where_they_stood():
    before, after = counted([(5, 5)], [(5, 5)]), counted([(7, 6)], [(6, 7)])
    assert after.since(before).generator[0]["opackets"] == 2


@pytest.mark.parametrize(
    ("changes", "kind", "error", "says"),
    [
        ({"mode": "rate", "rate": 10.0}, "testpmd", errors.Unsupported, "as fast as it can"),
        ({"mode": "count", "count": 1}, "testpmd", errors.Unsupported, "Pktgen as the generator"),
        ({"mode": "closed_loop"}, "pktgen", errors.Unsupported, "does not send again"),
        ({"mode": "rate"}, "pktgen", errors.InvalidOption, "needs 'rate'"),
        ({"mode": "rate", "rate": 101.0}, "pktgen", errors.InvalidOption, "percent"),
        ({"mode": "count", "count": 0}, "pktgen", errors.InvalidOption, "1 or more"),
        ({"size": 60}, "testpmd", errors.InvalidOption, "with the FCS"),
        ({"bursts": 0}, "testpmd", errors.InvalidOption, "no packets"),
    ],
)
def test_what_a_generator_cannot_do_is_refused_with_the_reason(changes, kind, error, says):
    with pytest.raises(error) as caught:
        traffic.check({**TRIAL, **changes}, kind)
    assert says in str(caught.value)


@pytest.mark.parametrize("limit", [3.0, 41.7, 99.9])
@pytest.mark.parametrize("resolution", [0.1, 1.0])
def test_the_search_ends_below_the_true_rate_and_near_it(limit, resolution):
    rate, probes = traffic.search(
        lambda percent: 0.0 if percent <= limit else (percent - limit) / percent, 0.0, resolution
    )
    assert limit - resolution <= rate <= limit and probes < 14


def test_the_search_at_its_ends():
    assert traffic.search(lambda percent: 0.0, 0.0, 0.5) == (100.0, 1)
    assert traffic.search(lambda percent: 1.0, 0.0, 0.5)[0] == 0.0
    assert traffic.search(lambda percent: percent / 1000, 0.05, 0.01)[0] == pytest.approx(50, abs=0.01)


def result(**changes):
    counters = {"ports": {"generator": {0: {}, 1: {}}}}
    return {
        "unexplained": [],
        "forwarded": 200,
        "sent": 200,
        "lost": 0,
        "loss": 0.0,
        "bytes": 12000,
        **counters,
        **changes,
    }


def test_what_is_wrong_with_a_result():
    assert traffic.faults({**TRIAL, "max_loss": 0.0}, result()) == []
    assert "at most 0 % may be" in traffic.faults({**TRIAL, "max_loss": 0.0}, result(lost=1, loss=0.005))[0]
    assert traffic.faults(TRIAL, result(forwarded=0)) == ["nothing came back"]
    assert traffic.faults({**TRIAL, "mode": "count", "count": 100}, result()) == []
    assert "200 were" in traffic.faults({**TRIAL, "mode": "count", "count": 99}, result())[0]


def test_the_bytes_have_to_be_those_of_the_size():
    for good in (12000, 12800):
        assert traffic._check_sizes(result(bytes=good), 64) is None
    with pytest.raises(errors.NotKept, match="64 bytes were asked for, and 128.0 were sent"):
        traffic._check_sizes(result(bytes=200 * 124), 64)
    with pytest.raises(errors.OperationFailed, match="sent nothing"):
        traffic._check_sizes(result(sent=0), 64)


class Typed:
    """A prompt that remembers."""

    def __init__(self):
        self.typed = []

    def send(self, *commands):
        self.typed += commands


def test_each_generator_is_told_the_size_in_its_own_way():
    testpmd, unpaced, pktgen = Typed(), Typed(), Typed()
    traffic.Testpmd(unpaced).begin(TRIAL)
    assert unpaced.typed == ["set txpkts 64", "set fwd flowgen", "start"]
    traffic.Testpmd(testpmd).begin({**TRIAL, "mode": "closed_loop", "bursts": 2})
    traffic.Pktgen(pktgen).begin({**TRIAL, "mode": "count", "count": 100, "rate": 10.0})
    assert testpmd.typed == ["set txpkts 60", "set fwd io", "start tx_first 2"]
    assert pktgen.typed == ["set all size 64", "set all rate 10", "set all count 100", "start all"]


@pytest.mark.parametrize("command", ["", " ", "start\nquit", "x" * 501])
def test_commands_are_one_line_each(command):
    with pytest.raises(errors.InvalidOption):
        control.check(command)


def test_counters_that_do_not_rest_are_an_error():
    numbers = iter(range(1000))
    with pytest.raises(errors.TimedOut, match="do not come to rest"):
        control.settled(lambda: next(numbers), timeout=0.2)
    assert control.settled(lambda: 7, still=0.05) == 7


def test_a_prompt_that_nobody_reads(tmp_path):
    prompt = control.Control(str(tmp_path))
    with pytest.raises(errors.Unreachable, match="nobody reads"):
        prompt.send("start")
