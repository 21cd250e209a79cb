select id from {{ ref('documented') }}
