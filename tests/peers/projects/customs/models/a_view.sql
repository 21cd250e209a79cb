select id, v from {{ ref('two_times') }}
