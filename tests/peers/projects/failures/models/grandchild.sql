select c.* from {{ ref('child') }} c, {{ ref('good') }}
