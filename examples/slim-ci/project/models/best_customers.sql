select customer, spent from {{ ref('customers') }} where spent > 10
