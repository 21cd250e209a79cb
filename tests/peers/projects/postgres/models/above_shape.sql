select * from {{ ref('shape') }} where sales > 0
