select 2 as id from {{ ref('stg_customers') }}
