select range::integer as id, (range * range)::bigint as square, 'n' || range as name,
       range % 2 = 0 as is_even, (range / 4)::decimal(9, 2) as part, date '2020-01-01' + range::integer as day
from range({{ var('batch') }} * 3, {{ var('batch') }} * 3 + 5)
