select cursor from {{ state }} where resource = {{ literal(resource) }} order by updated_at desc limit 1
