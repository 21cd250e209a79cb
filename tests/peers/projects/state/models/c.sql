select {{ five() }} as id, v from {{ ref('s') }}
