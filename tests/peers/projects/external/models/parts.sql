select * from {{ source('files', 'parts') }} union all select id, name from {{ source('files', 'formatted') }}
