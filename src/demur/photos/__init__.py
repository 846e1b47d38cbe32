"""Photos: the hash by which a copy is found (PDQ), and the index of the hashes of those who objected."""
