select * from {{ ref('played') }}
