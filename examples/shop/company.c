/* company.c: the lists behind company.h and the weighted picks from them. */
#include "company.h"

#include <string.h>

const Place places[] = {
    {"São Paulo",             "SP",  1001, 160, -235505, -466333, 300,  2},
    {"Campinas",              "SP", 13010,  40, -229099, -470626,  40,  3},
    {"Guarulhos",             "SP",  7010,  40, -234543, -465337,  34,  2},
    {"Santos",                "SP", 11010,  30, -239608, -463336,  26,  3},
    {"Ribeirão Preto",        "SP", 14010,  30, -211775, -478103,  24,  3},
    {"São José dos Campos",   "SP", 12210,  30, -231896, -458841,  26,  3},
    {"Rio de Janeiro",        "RJ", 20010, 120, -229068, -431729, 115,  6},
    {"Niterói",               "RJ", 24020,  30, -228832, -431034,  20,  6},
    {"Nova Iguaçu",           "RJ", 26210,  25, -227592, -434511,  12,  7},
    {"Belo Horizonte",        "MG", 30110,  80, -199167, -439345,  60,  5},
    {"Contagem",              "MG", 32010,  25, -199320, -440539,  12,  5},
    {"Uberlândia",            "MG", 38400,  16, -189186, -482772,  16,  5},
    {"Juiz de Fora",          "MG", 36010,  25, -217642, -433503,  16,  5},
    {"Porto Alegre",          "RS", 90010,  60, -300346, -512177,  40,  8},
    {"Caxias do Sul",         "RS", 95010,  25, -291678, -511794,  12,  9},
    {"Pelotas",               "RS", 96010,  20, -317654, -523376,   8, 10},
    {"Curitiba",              "PR", 80010,  60, -254284, -492733,  40,  5},
    {"Londrina",              "PR", 86010,  25, -233045, -511696,  12,  6},
    {"Maringá",               "PR", 87010,  25, -234210, -519331,  10,  6},
    {"Florianópolis",         "SC", 88010,  30, -275954, -485480,  18,  7},
    {"Joinville",             "SC", 89201,  25, -263045, -488487,  12,  7},
    {"Blumenau",              "SC", 89010,  20, -269155, -490709,   8,  7},
    {"Salvador",              "BA", 40010,  60, -129777, -385016,  28, 12},
    {"Feira de Santana",      "BA", 44001,  20, -122664, -389663,   8, 13},
    {"Brasília",              "DF", 70040,  60, -157939, -478828,  24,  7},
    {"Vitória",               "ES", 29010,  25, -203155, -403128,  12,  8},
    {"Vila Velha",            "ES", 29100,  20, -203417, -402875,  10,  8},
    {"Goiânia",               "GO", 74003,  40, -166869, -492648,  18,  8},
    {"Anápolis",              "GO", 75020,  15, -163281, -489530,   4,  9},
    {"Recife",                "PE", 50010,  40,  -80476, -348770,  18, 12},
    {"Olinda",                "PE", 53010,  20,  -80089, -348553,   5, 12},
    {"Fortaleza",             "CE", 60010,  40,  -37319, -385267,  16, 14},
    {"Belém",                 "PA", 66010,  30,  -14558, -484902,  11, 16},
    {"Cuiabá",                "MT", 78005,  25, -156014, -560979,  10, 11},
    {"São Luís",              "MA", 65010,  25,  -25391, -442829,   8, 15},
    {"Campo Grande",          "MS", 79002,  25, -204697, -546201,   8, 10},
    {"João Pessoa",           "PB", 58010,  20,  -71195, -348450,   6, 14},
    {"Teresina",              "PI", 64000,  15,  -50892, -428019,   5, 13},
    {"Natal",                 "RN", 59010,  20,  -57793, -352009,   5, 14},
    {"Maceió",                "AL", 57010,  20,  -96498, -357089,   5, 15},
    {"Aracaju",               "SE", 49010,  15, -109472, -370731,   4, 14},
    {"Palmas",                "TO", 77001,  15, -101689, -483317,   3, 12},
    {"Porto Velho",           "RO", 76801,  12,  -87612, -639039,   3, 14},
    {"Manaus",                "AM", 69005,  25,  -31190, -600217,   3, 18},
    {"Rio Branco",            "AC", 69900,   8,  -99754, -678249,   1, 15},
    {"Macapá",                "AP", 68900,   8,     349,  -510694,  1, 19},
    {"Boa Vista",             "RR", 69301,   8,   28235, -606758,   1, 20},
};
const uint32_t place_count = sizeof(places) / sizeof(places[0]);

const Category categories[] = {
    {"cama_mesa_banho",                  93,  8990, 1800},
    {"beleza_saude",                     75, 10990,  700},
    {"esporte_lazer",                    87, 10490, 1400},
    {"informatica_acessorios",           50, 11490,  800},
    {"moveis_decoracao",                 81,  8490, 3400},
    {"utilidades_domesticas",            71,  8990, 2300},
    {"relogios_presentes",               40, 19990,  500},
    {"telefonia",                        35,  6990,  300},
    {"ferramentas_jardim",               23, 10990, 2600},
    {"automotivo",                       58, 13490, 2200},
    {"brinquedos",                       43, 11490, 1500},
    {"cool_stuff",                       24, 16490, 2000},
    {"perfumaria",                       26, 11490,  450},
    {"bebes",                            28, 12990, 3100},
    {"eletronicos",                      16,  5490,  600},
    {"papelaria",                        26,  9190, 1300},
    {"fashion_bolsas_e_acessorios",      26,  7490,  400},
    {"pet_shop",                         22, 10690, 2600},
    {"moveis_escritorio",                10, 15990, 9800},
    {"consoles_games",                   10, 12490,  700},
    {"malas_acessorios",                 11, 12490, 2900},
    {"construcao_ferramentas_construcao", 13, 14990, 2800},
    {"eletrodomesticos",                 12, 17990, 5400},
    {"instrumentos_musicais",             9, 27990, 3300},
    {"eletroportateis",                   7, 24990, 4100},
    {"livros_interesse_geral",            7,  7990,  600},
    {"alimentos",                         3,  5490,  900},
    {"bebidas",                           3,  6490, 1600},
    {"pcs",                               2, 98990, 8700},
    {"artes",                             2,  8490, 1100},
};
const uint32_t category_count = sizeof(categories) / sizeof(categories[0]);

const Phrase phrases[] = {
    {5, "Recomendo",         "Produto excelente, chegou antes do prazo."},
    {5, "Ótimo",             "Muito bom! Parabéns à loja 👏"},
    {5, "",                  "Adorei, igual à foto"},
    {5, "10",                "Entrega rápida e produto bem embalado.\nRecomendo."},
    {4, "Bom",               "Gostei do produto, mas a embalagem veio amassada."},
    {4, "",                  "Produto bom, entrega dentro do prazo"},
    {3, "Regular",           "A cor não é a mesma do anúncio"},
    {3, "",                  "Mais ou menos; o tamanho é menor do que \"parece\""},
    {2, "Demorou",           "Demorou muito para chegar"},
    {2, "",                  "Comprei dois, chegou só um..."},
    {1, "Não recebi",        "Não recebi o produto e ninguém responde!!"},
    {1, "Péssimo",           "Veio com defeito. Quero meu dinheiro de volta"},
    {1, "",                  "Produto errado, aguardo troca"},
};
const uint32_t phrase_count = sizeof(phrases) / sizeof(phrases[0]);

/* The place at `ticket`, where each place holds `weight` tickets. */
const Place *place_pick(Random *random)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < place_count; i++)
        total += places[i].weight;
    uint32_t ticket = random_below(random, total), i = 0;
    while (ticket >= places[i].weight)
        ticket -= places[i++].weight;
    return &places[i];
}

const Place *place_pick_seller(Random *random)
{
    if (!random_happens(random, 6600))
        return place_pick(random);
    const Place *place = place_pick(random);
    while (strcmp(place->state, "SP") != 0)
        place = place_pick(random);
    return place;
}

const Category *category_pick(Random *random)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < category_count; i++)
        total += categories[i].weight;
    uint32_t ticket = random_below(random, total), i = 0;
    while (ticket >= categories[i].weight)
        ticket -= categories[i++].weight;
    return &categories[i];
}
