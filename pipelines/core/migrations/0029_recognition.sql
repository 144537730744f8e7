-- Decks are found by their text while their pictures of text are still to be read.
create index findings_waiting on findings (document_id) where code = 'not_recognised_yet';

create function is_recognising(document_id uuid, sha256 text, stages jsonb) returns boolean language sql stable as $$
    select exists (
        select from findings f
        where f.document_id = $1 and f.source_sha256 = $2 and f.code = 'not_recognised_yet'
    ) or (stages ? 'recognised_slides' and not coalesce(stages -> 'slide_embeddings' ? 'ended_at', false))
$$;
comment on function is_recognising is
    'whether pictures of text of these bytes are still to be read, or were read and cannot be found yet';
