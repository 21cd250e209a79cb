-- Cleaning may leave out dirt, not data: at most 2 % of what came in.
select
    rejected.source_table,
    rejected.reason,
    rejected.row_count
from {{ ref('ods_rejected_rows') }} as rejected
cross join (select count(*) as row_count from {{ ref('ods_orders') }}) as orders
where rejected.row_count > orders.row_count * 0.02 + 10
