-- A document's descriptions in page order: page, text, model, prompt_tokens, completion_tokens, cost_usd.
select page, text, model, prompt_tokens, completion_tokens, cost_usd
from slide_descriptions
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid
order by page
