-- Chats of this person, newest first: id, client_id, course_id, title, head_key, created_at, updated_at.
-- `pattern` (an escaped LIKE pattern) looks in titles and messages; `before_*` continues after that row; both may be null.
select id, client_id, course_id, title, head_key, created_at, updated_at
from chat_sessions s
where user_id = %(user_id)s::uuid
  and (%(course_id)s::uuid is null or course_id = %(course_id)s::uuid)
  and (%(before_at)s::timestamptz is null or (updated_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
  and (%(pattern)s::text is null or title ilike %(pattern)s::text
       or exists (select 1 from chat_messages m where m.session_id = s.id and m.content ilike %(pattern)s::text))
order by updated_at desc, id desc
limit %(limit)s::integer
