-- Ask the owner of the running answer to stop. One row (id) when one is running in this person's chat.
update chat_runs r set stop_requested = true
from chat_sessions s
where s.id = r.session_id and r.status = 'running'
  and s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
returning r.id
