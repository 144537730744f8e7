-- Whether a master key is lost is asked with every look at readiness: few decks have a password.
create index documents_sealed on documents (id) where password_sealed is not null;
