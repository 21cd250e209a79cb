select range::integer as id, 'w' || range as word, case when range % 3 = 0 then null else range / 2.0 end::double as half,
       timestamp '2020-01-01 00:00:00' + interval (range) hour as moment, (range * 1.1)::decimal(9, 2) as price,
       range % 2 = 0 as flag, date '2020-02-28' + range::integer as day
from range(7)
