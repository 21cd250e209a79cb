select name, arg_max(size, loaded_at), coalesce(arg_max(etag, loaded_at), ''), arg_max(modified_at_us, loaded_at)
from {{ files }} where resource = {{ literal(resource) }} group by name order by name
