# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of the daemon API share."""

    # How to reach the daemon, and what every module of this system does.
    DOCUMENTATION = r"""
options:
  remote:
    description:
      - Name of a remote of the command line client, as C(incus remote list) of the managed host's user has it. It
        stands for its address, its certificates and its project. V(default) is the one that the client uses without a
        name.
      - The files are looked for in E(INCUS_CONF) or C(~/.config/incus), in C(/etc/incus), and in the same way in
        E(LXD_CONF), C(~/snap/lxd/common/config) or C(~/.config/lxc), and C(/etc/lxc).
      - It excludes O(socket) and O(url). A certificate that the task names wins over that of the remote, and so does a
        project.
      - Taken from E(INCUS_REMOTE) where neither this nor O(socket) or O(url) is given.
    type: str
  socket:
    description:
      - Path of the daemon's unix socket on the managed host.
      - Without it and without O(url), E(INCUS_SOCKET), E(INCUS_DIR), E(LXD_SOCKET) and E(LXD_DIR) are looked at, then
        the places where Incus and LXD put their sockets, of which the first that exists is used.
    type: path
  url:
    description:
      - Address of the daemon, V(https://HOST:8443) or V(unix:/path/to/unix.socket). O(socket) wins over it.
      - An https address needs TLS 1.3 and one of O(server_cert) and O(server_fingerprint).
      - Taken from E(INCUS_URL) where not given.
    type: str
  client_cert:
    description:
      - Path of the client certificate (PEM) on the managed host, for an https O(url).
      - Taken from E(INCUS_CLIENT_CERT) where not given.
    type: path
  client_key:
    description:
      - Path of the client certificate's key (PEM, not encrypted) on the managed host.
      - Taken from E(INCUS_CLIENT_KEY) where not given.
    type: path
  bearer_token:
    description:
      - A signed JSON Web Token that shows who the client is, for an https O(url), where no client certificate can
        pass, as behind a proxy that ends TLS. It has the fingerprint of a trusted client certificate as its subject,
        and is signed with the key of that. C(incus remote get-client-token) of later clients than 6.0 makes one.
      - The daemon needs the API extension C(auth_tls_jwt).
      - With a O(remote), it takes the place of that one's client certificate.
      - Taken from E(INCUS_BEARER_TOKEN) where not given.
    type: str
  server_cert:
    description:
      - Path of the server's certificate (PEM) on the managed host. The server must present exactly this one.
      - Taken from E(INCUS_SERVER_CERT) where not given.
    type: path
  server_fingerprint:
    description:
      - SHA-256 fingerprint of the server's certificate, instead of O(server_cert).
      - Taken from E(INCUS_SERVER_FINGERPRINT) where not given.
    type: str
  timeout:
    description: Seconds that the daemon may be silent while something is read.
    type: float
    default: 30.0
  operation_timeout:
    description: Seconds that a change, or the operation that it starts in the daemon, may take. An operation that
      takes longer is cancelled where the daemon can.
    type: float
    default: 600.0
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.incus) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.incus
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
notes:
  - Works with Incus 6.0 and later and with LXD 5.0 and later. What a daemon lacks is said with the name of the API
    extension.
  - In check mode, a daemon or a remote that is not there yet counts as a new and empty one, with a warning.
"""

    # Modules that write files of the command line client.
    FILES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later, and C(openssl) where a client certificate
      has to be made.
    support: full
    platforms: posix
"""

    # The project that an object lives in.
    PROJECT = r"""
options:
  project:
    description: The project that the object lives in. Where it is not given, that of the O(remote), if it has one.
    type: str
    default: default
"""

    # State modules: whether the object is there, and which of its values are secrets.
    RECORD = r"""
options:
  description:
    description:
      - What the object is for. Null empties it.
      - An option that is not given is left as it is, here and below.
    type: str
  state:
    description: Whether the object is there.
    type: str
    choices: [present, absent]
    default: present
"""

    # State modules of objects that can get another name.
    RENAME = r"""
options:
  rename_from:
    description: The name that the object had. Where it is still there under that name, and not yet under O(name), it is
      renamed. It plays no part in the state V(absent).
    type: str
"""

    SECRETS = r"""
options:
  secret_keys:
    description:
      - Names or shell patterns of keys whose values are secrets. They are shown as stars in results, diffs and logs.
      - Keys whose name says so (password, passphrase, secret, token, credential, private key) and cloud-init user
        data always are.
    type: list
    elements: str
    default: []
"""

    CONFIG = r"""
options:
  config:
    description:
      - Configuration keys and their values. Numbers and booleans are spelled out as the daemon stores them.
      - Null removes a key. Keys that are not named are left alone, see O(config_mode).
    type: dict
  config_mode:
    description:
      - With V(merge), only the keys in O(config) are touched.
      - With V(replace), all other keys are removed, but for those that belong to the daemon or that it fills in by
        itself; null removes one of these.
    type: str
    choices: [merge, replace]
    default: merge
"""

    DEVICES = r"""
options:
  devices:
    description:
      - Devices by name, each a dictionary of its options, which replaces the whole device. Null removes a device.
    type: dict
  devices_mode:
    description:
      - With V(merge), only the devices in O(devices) are touched.
      - With V(replace), all other devices are removed.
    type: str
    choices: [merge, replace]
    default: merge
"""

    # Where an image comes from, for modules that take one from a server.
    IMAGE_SERVER = r"""
options:
  image:
    description:
      - Alias, or fingerprint (12 to 64 hexadecimal digits), of an image.
      - With O(image_server), it is the name that the image has there.
      - V(REMOTE:IMAGE) is an image at a server that the command line of the daemon's brand knows by name. That is
        V(images) (C(images.linuxcontainers.org)) for Incus, and V(images) (C(images.lxd.canonical.com)), V(ubuntu),
        V(ubuntu-daily), V(ubuntu-minimal) and V(ubuntu-minimal-daily) (C(cloud-images.ubuntu.com)) for LXD. Other names
        are looked up in the client's own configuration, see O(remote).
      - Else, or as V(local:IMAGE), it is an image that the daemon has.
    type: str
  image_server:
    description:
      - The server that has the image. The daemon gets it from there by itself, so it must be able to reach the server.
    type: dict
    suboptions:
      url:
        description: Address of the server, V(https://HOST) with a port and a path where needed. That of a simplestreams
          server may begin with V(http://).
        type: str
        required: true
      other_urls:
        description: Further addresses of the same server, tried in turn where the ones before them do not work. An
          error tells what became of each.
        type: list
        elements: str
        default: []
      protocol:
        description:
          - V(simplestreams) is a server of files, as the public ones are.
          - V(incus) and V(lxd) are daemons that give away public images, and private ones to whom has a secret. Both
            speak the same protocol, so either daemon can have images of the other one.
        type: str
        choices: [simplestreams, incus, lxd]
        default: simplestreams
      certificate:
        description:
          - The server's own certificate in PEM, or the path of its file on the managed host.
          - Without it, the server's certificate must be one that the host's certification authorities vouch for.
        type: str
      secret:
        description:
          - Secret of a private image of an Incus or LXD daemon, which that daemon hands out for one download.
          - It needs the full fingerprint in O(image).
        type: str
      client_cert:
        description:
          - Path of a client certificate (PEM) on the managed host that an Incus or LXD daemon trusts.
          - With it, O(image) may be a private image under its alias there, and the secret is asked for. It needs
            O(image_server.certificate).
        type: path
      client_key:
        description: Path of the key of O(image_server.client_cert) (PEM, not encrypted).
        type: path
"""
