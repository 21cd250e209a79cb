select id from {{ ref('ranked', v=1) }} union all select id from {{ ref('ranked') }}
