select id, word from {{ ref('joined') }} where word is not null
