"""Values and rules that every room shares, and all that a verifier needs.

Nothing here reads a file, a clock, the network or a source of randomness: the bytes, the instant and the nonce are
arguments. So each rule can be read, and tested, without a server. The only third party is `cryptography`.

Read in this order: `objection` (a case and its states), `merkle`, `note` and `checkpoint` (the log's mathematics),
`receipt` (what a person keeps), `suppression_list` and `gate_manifest` (what crosses between the rooms).
"""
