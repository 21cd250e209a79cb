select id, seen, kind, '{{ model.batch.id if model.batch else "" }}' as batch,
       '{{ model.batch.event_time_start if model.batch else "" }}' as since,
       '{{ model.batch.event_time_end if model.batch else "" }}' as until,
       {{ is_incremental() }} as more
from {{ ref('thin') }}
where id < {{ var('limit') }}
