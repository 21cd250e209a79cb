select id from {{ ref('mart_x') }} union all select 1 from {{ source('raw', 't2') }}
