"""The network outside: which addresses may be reached on behalf of somebody, and clients that reach no other."""
