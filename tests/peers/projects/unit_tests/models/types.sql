select id, ordered, stamp, amount, is_paid, [id, id + 1] as several, {'a': id, 'b': country} as packed,
       country as "Mixed Case"
from {{ ref('base_orders') }}
