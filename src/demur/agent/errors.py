"""The agent's errors.

AgentError
└── DirectoryError    the directory of procedures is not what it should be
"""

from demur.core.errors import DemurError


class AgentError(DemurError):
    """Something went wrong in a person's own tool."""


class DirectoryError(AgentError):
    """An entry of the directory of procedures is damaged or says something that this version does not know."""
