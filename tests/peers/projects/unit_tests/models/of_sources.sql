select o.id, l.line, p.id as other_id
from {{ source('raw', 'orders') }} o
left join {{ source('raw', 'lines') }} l on l.id = o.id
left join {{ source('other', 'orders') }} p on p.id = o.id
