select id, v from {{ ref('raw') }}
