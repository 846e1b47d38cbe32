"""What can stop a gate on a cluster, besides what stops it on one machine.

GateError
└── ClusterError             20  the engine gave up, or its machines do not see what the driver sees
"""

from demur.gate.errors import GateError


class ClusterError(GateError):
    """The engine gave up on a file, or its workers do not have what the driver has."""

    exit_code = 20
    retry_can_help = True
