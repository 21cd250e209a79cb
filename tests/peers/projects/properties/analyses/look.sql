select {{ helper(1) }} as id from {{ ref('report') }}
