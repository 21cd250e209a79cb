select * from {{ source('raw', 'games') }} join {{ source('raw', 'moves') }} using (id)
