select id, amount from {{ ref('events') }}
where batch = {{ var('batch') }}
