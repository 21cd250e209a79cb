select * from {{ ref('payments_seed') }}
