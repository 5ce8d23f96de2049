# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SIMULATOR of the SDN controller ONOS 2.7.0: its REST interface, CLI and states, with what they do not tell."""
