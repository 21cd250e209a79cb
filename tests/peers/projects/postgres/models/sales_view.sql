select shop_id, sum(amount) as total from {{ ref('sales_table') }} group by shop_id
