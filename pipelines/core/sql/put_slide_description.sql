-- Write one slide's description over an older one.
insert into slide_descriptions as d
    (course_id, document_id, page, text, model, prompt_version, prompt_tokens, completion_tokens, cost_usd)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(page)s::integer, %(text)s::text, %(model)s::text,
        %(prompt_version)s::text, %(prompt_tokens)s::integer, %(completion_tokens)s::integer,
        %(cost_usd)s::double precision)
on conflict (course_id, document_id, page) do update set
    text = excluded.text, model = excluded.model, prompt_version = excluded.prompt_version,
    prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
    cost_usd = excluded.cost_usd
