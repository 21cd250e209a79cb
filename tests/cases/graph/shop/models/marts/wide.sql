select 1 as id from {{ ref('customers') }}, {{ ref('sessions') }}, {{ ref('summary') }}, {{ ref('dim', v=1) }}
