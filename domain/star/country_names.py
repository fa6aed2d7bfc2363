"""Names of countries and their ISO 3166-1 alpha-2 codes.

Each entry of NAMES is a code, then the names that mean it, as organization_identity.normal_name folds them: its alpha-3
code, its names in English, Spanish, French, Portuguese, German and its official languages (Unicode CLDR), and usual
variants. Parts of the United Kingdom are its; continents and groups of countries are none.
"""

NAMES = """
AD and andorra andorre
AE are united-arab-emirates emiratos-arabes-unidos emirats-arabes-unis emirados-arabes-unidos
   vereinigte-arabische-emirate الإمارات-العربية-المتحدة uae
AF afg afghanistan afganistan afeganistao افغانستان owganystan
AG atg antigua-and-barbuda antigua-y-barbuda antigua-et-barbuda antigua-e-barbuda antigua-und-barbuda
AI aia anguilla anguila
AL alb albania albanie albanien shqiperi
AM arm armenia armenie armenien հայաստան
AO ago angola
AQ ata antarctica antartida antarctique antarktis
AR arg argentina argentine argentinien
AS asm american-samoa samoa-americana samoa-americaines amerikanisch-samoa
AT aut austria autriche osterreich austrija avstrija ausztria
AU aus australia australie australien
AW abw aruba
AX ala aland-islands islas-aland iles-aland ilhas-aland alandinseln aland
AZ aze azerbaijan azerbaiyan azerbaidjan azerbaijao aserbaidschan azərbaycan азәрбајҹан
BA bih bosnia-and-herzegovina bosnia-y-herzegovina bosnie-herzegovine bosnia-e-herzegovina bosnien-und-herzegowina
   босна-и-херцеговина bosna-i-hercegovina
BB brb barbados barbade
BD bgd bangladesh banglades bangladesch বাংলাদেশ
BE bel belgium belgica belgique belgien belgie
BF bfa burkina-faso burquina-faso
BG bgr bulgaria bulgarie bulgarien българия
BH bhr bahrain barein bahrein البحرين
BI bdi burundi uburundi
BJ ben benin
BL blm st-barthelemy san-bartolome saint-barthelemy sao-bartolomeu
BM bmu bermuda bermudas bermudes
BN brn brunei brunei-darussalam بروني
BO bol bolivia bolivie bolivien bolivia-plurinational-state-of
BQ bes caribbean-netherlands caribe-neerlandes pays-bas-caribeens paises-baixos-caribenhos karibische-niederlande
   caribisch-nederland
BR bra brazil brasil bresil brasilien brazile
BS bhs bahamas the-bahamas
BT btn bhutan butan bhoutan butao འབྲུག
BV bvt bouvet-island isla-bouvet ile-bouvet ilha-bouvet bouvetinsel
BW bwa botswana botsuana
BY blr belarus bielorrusia bielorussie bielorrussia беларусь
BZ blz belize belice
CA can canada kanada ᑲᓇᑕᒥ
CC cck cocos-keeling-islands islas-cocos iles-cocos ilhas-cocos-keeling kokosinseln
CD zar congo-kinshasa republica-democratica-del-congo kongo-kinshasa republiki-ya-kongo-demokratiki
   congo-the-democratic-republic-of-the democratic-republic-of-the-congo dr-congo
CF caf central-african-republic republica-centroafricana republique-centrafricaine republica-centro-africana
   zentralafrikanische-republik kodorosese-ti-beafrika
CG cog congo-brazzaville congo republica-do-congo kongo-brazzaville republic-of-the-congo
CH che switzerland suiza suisse suica schweiz schwiiz svizzera svizra
CI civ cote-d-ivoire costa-do-marfim ivory-coast
CK cok cook-islands islas-cook iles-cook ilhas-cook cookinseln
CL chl chile chili
CM cmr cameroon camerun cameroun camaroes kamerun
CN chn china chine 中国 جۇڭگو cunghgoz རྒྱ-ནག 중국 people-s-republic-of-china
CO col colombia colombie kolumbien
CR cri costa-rica
CU cub cuba kuba
CV cpv cape-verde cabo-verde cap-vert
CW cuw curacao curazao korsou
CX cxr christmas-island isla-de-navidad ile-christmas ilha-christmas weihnachtsinsel
CY cyp cyprus chipre chypre zypern κυπροσ kıbrıs
CZ cze czechia chequia tchequie tchequia tschechien cesko czech-republic
DE deu germany alemania allemagne alemanha deutschland tjiisklun
DJ dji djibouti yibuti djibuti dschibuti جيبوتي
DK dnk denmark dinamarca danemark danmark danmarki
DM dma dominica dominique
DO dom dominican-republic republica-dominicana republique-dominicaine dominikanische-republik
DZ dza algeria argelia algerie algerien الجزائر
EC ecu ecuador equateur equador
EE est estonia estonie estland eesti
EG egy egypt egipto egypte egito agypten مصر
EH esh western-sahara sahara-occidental saara-ocidental westsahara الصحراء-الغربية
ER eri eritrea erythree eritreia ኤርትራ إريتريا
ES esp spain espana espagne espanha spanien espanya espainia
ET eth ethiopia etiopia ethiopie athiopien ኢትዮጵያ
FI fin finland finlandia finlande finnland suomi laaʹddjannam
FJ fji fiji fiyi fidji fidschi
FK flk falkland-islands islas-malvinas iles-malouines ilhas-malvinas falklandinseln
FM fsm micronesia micronesie mikronesien
FO fro faroe-islands islas-feroe iles-feroe ilhas-faroe faroer føroyar
FR fxx france francia franca frankreich
GA gab gabon gabao gabun
GB gbr united-kingdom reino-unido royaume-uni vereinigtes-konigreich y-deyrnas-unedig an-riocht-aontaithe
   an-rioghachd-aonaichte uk england eng scotland sct wales wls northern-ireland nir great-britain britain
   united-kingdom-of-great-britain-and-northern-ireland
GD grd grenada granada grenade
GE geo georgia georgie georgien საქართველო гуырдзыстон қырҭтәыла
GF guf french-guiana guayana-francesa guyane-francaise guiana-francesa franzosisch-guayana
GG ggy guernsey guernesey
GH gha ghana gana gaana ghana-nutome
GI gib gibraltar
GL grl greenland groenlandia groenland gronland kalaallit-nunaat
GM gmb gambia gambie the-gambia
GN gin guinea guinee guine
GP glp guadeloupe guadalupe
GQ gnq equatorial-guinea guinea-ecuatorial guinee-equatoriale guine-equatorial aquatorialguinea
GR grc greece grecia grece griechenland ελλαδα el
GS sgs south-georgia-and-south-sandwich-islands islas-georgia-del-sur-y-sandwich-del-sur
   georgie-du-sud-et-les-iles-sandwich-du-sud ilhas-georgia-do-sul-e-sandwich-do-sul
   sudgeorgien-und-die-sudlichen-sandwichinseln
GT gtm guatemala
GU gum guam
GW gnb guinea-bissau guinea-bisau guinee-bissau guine-bissau
GY guy guyana guiana
HK hkg hong-kong-sar-china rae-de-hong-kong-china r-a-s-chinoise-de-hong-kong hong-kong-rae-da-china
   sonderverwaltungsregion-hongkong 中國香港特別行政區
HM hmd heard-island-and-mcdonald-islands islas-heard-y-mcdonald iles-heard-et-macdonald ilhas-heard-e-mcdonald
   heard-und-mcdonaldinseln
HN hnd honduras
HR hrv croatia croacia croatie kroatien hrvatska croazia croasia
HT hti haiti
HU hun hungary hungria hongrie ungarn magyarorszag
ID idn indonesia indonesie indonesien
IE irl ireland irlanda irlande irland eire republic-of-ireland
IL isr israel ישראל إسرائيل
IM imn isle-of-man isla-de-man ile-de-man ilha-de-man ellan-vannin
IN ind india inde indien भारत ভারত భారతదేశం இந்தியா بھارت ભારત ಭಾರತ ଭାରତ ഇന്ത്യ ਭਾਰਤ ভাৰত ᱤᱱᱰᱤᱭᱟ ہِندوستان ڀارت भारतः
IO iot british-indian-ocean-territory territorio-britanico-del-oceano-indico territoire-britannique-de-l-ocean-indien
   territorio-britanico-do-oceano-indico britisches-territorium-im-indischen-ozean
IQ irq iraq irak iraque العراق عێراق
IR irn iran ira ایران iran-islamic-republic-of
IS isl iceland islandia islande island
IT ita italy italia italie italien
JE jey jersey
JM jam jamaica jamaique jamaika
JO jor jordan jordania jordanie jordanien الأردن
JP jpn japan japon japao 日本
KE ken kenya kenia quenia
KG kgz kyrgyzstan kirguistan kirghizstan quirguistao kirgisistan кыргызстан киргизия
KH khm cambodia camboya cambodge camboja kambodscha កម្ពុជា
KI kir kiribati quiribati
KM com comoros comoras comores komoren جزر-القمر
KN kna st-kitts-and-nevis san-cristobal-y-nieves saint-christophe-et-nieves sao-cristovao-e-nevis st-kitts-und-nevis
KP prk north-korea corea-del-norte coree-du-nord coreia-do-norte nordkorea 북한 korea-democratic-people-s-republic-of
KR kor south-korea corea-del-sur coree-du-sud coreia-do-sul sudkorea 대한민국 republic-of-korea korea-republic-of korea
KW kwt kuwait koweit الكويت
KY cym cayman-islands islas-caiman iles-caimans ilhas-cayman kaimaninseln
KZ kaz kazakhstan kazajistan cazaquistao kasachstan казахстан қазақстан
LA lao laos ລາວ lao-people-s-democratic-republic
LB lbn lebanon libano liban libanon لبنان
LC lca st-lucia santa-lucia sainte-lucie
LI lie liechtenstein liachteschtai
LK lka sri-lanka ශ්-රී-ලංකාව இலங்கை
LR lbr liberia
LS lso lesotho lesoto
LT ltu lithuania lituania lituanie litauen lietuva
LU lux luxembourg luxemburgo luxemburg letzebuerg
LV lva latvia letonia lettonie lettland latvija
LY lby libya libia libye libyen ليبيا
MA mar morocco marruecos maroc marrocos marokko المغرب merruk
MC mco monaco
MD mda moldova moldavia moldavie republik-moldau republica-moldova republic-of-moldova moldova-republic-of
ME mne montenegro crna-gora
MF maf st-martin san-martin saint-martin sao-martinho
MG mdg madagascar madagaskar madagasikara
MH mhl marshall-islands islas-marshall iles-marshall ilhas-marshall marshallinseln
MK mkd north-macedonia macedonia-del-norte macedoine-du-nord macedonia-do-norte nordmazedonien северна-македонија
   maqedonia-e-veriut macedonia
ML mli mali
MM mmr myanmar-burma myanmar-birmania myanmar-birmanie mianmar-birmania myanmar မြန်မာ burma
MN mng mongolia mongolie mongolei монгол
MO mac macao-sar-china rae-de-macao-china r-a-s-chinoise-de-macao macau-rae-da-china sonderverwaltungsregion-macau
   中國澳門特別行政區
MP mnp northern-mariana-islands islas-marianas-del-norte iles-mariannes-du-nord ilhas-marianas-do-norte
   nordliche-marianen
MQ mtq martinique martinica
MR mrt mauritania mauritanie mauretanien موريتانيا
MS msr montserrat
MT mlt malta malte
MU mus mauritius mauricio maurice
MV mdv maldives maldivas malediven ދިވެހި-ރާއްޖެ
MW mwi malawi malaui
MX mex mexico mexique mexiko
MY mys malaysia malasia malaisie
MZ moz mozambique mocambique mosambik
NA nam namibia namibie
NC ncl new-caledonia nueva-caledonia nouvelle-caledonie nova-caledonia neukaledonien
NE ner niger
NF nfk norfolk-island isla-norfolk ile-norfolk ilha-norfolk norfolkinsel
NG nga nigeria naijiria
NI nic nicaragua
NL nld netherlands paises-bajos pays-bas paises-baixos niederlande nederland nederlan holland the-netherlands
NO nor norway noruega norvege norwegen norge noreg norga
NP npl nepal नेपाल
NR nru nauru
NU niu niue
NZ nzl new-zealand nueva-zelanda nouvelle-zelande nova-zelandia neuseeland aotearoa
OM omn oman oma عُمان
PA pan panama
PE per peru perou
PF pyf french-polynesia polinesia-francesa polynesie-francaise franzosisch-polynesien
PG png papua-new-guinea papua-nueva-guinea papouasie-nouvelle-guinee papua-nova-guine papua-neuguinea papua-niugini
PH phl philippines filipinas philippinen pilipinas
PK pak pakistan paquistao پاکستان
PL pol poland polonia pologne polen polska lenkija
PM spm st-pierre-and-miquelon san-pedro-y-miquelon saint-pierre-et-miquelon sao-pedro-e-miquelao
   st-pierre-und-miquelon
PN pcn pitcairn-islands islas-pitcairn iles-pitcairn ilhas-pitcairn pitcairninseln
PR pri puerto-rico porto-rico
PS pse palestinian-territories territorios-palestinos territoires-palestiniens palastinensische-autonomiegebiete
   الأراضي-الفلسطينية palestine state-of-palestine
PT prt portugal
PW plw palau palaos
PY pry paraguay paraguai
QA qat qatar catar katar قطر
RE reu reunion la-reunion reuniao
RO rou romania rumania roumanie romenia rumanien
RS srb serbia serbie servia serbien srbija србија szerbia srbsko сербія
RU rus russia rusia russie russland россия росси рәсәи урысеи рузонь-мастор арассыыиа ород-улас русија
   россия-федерациязы урысые russian-federation
RW rwa rwanda ruanda u-rwanda
SA sau saudi-arabia arabia-saudi arabie-saoudite arabia-saudita saudi-arabien المملكة-العربية-السعودية
SB slb solomon-islands islas-salomon iles-salomon ilhas-salomao salomonen
SC syc seychelles seicheles seychellen
SD sdn sudan soudan sudao السودان
SE swe sweden suecia suede schweden sverige ruotsi
SG sgp singapore singapur singapour singapura 新加坡 சிங்கப்பூர்
SH shn st-helena-ascension-and-tristan-da-cunha santa-elena sainte-helene santa-helena st-helena
SI svn slovenia eslovenia slovenie slowenien slovenija zlovenia
SJ sjm svalbard-and-jan-mayen svalbard-y-jan-mayen svalbard-et-jan-mayen svalbard-e-jan-mayen
   spitzbergen-und-jan-mayen svalbard-og-jan-mayen
SK svk slovakia eslovaquia slovaquie slowakei slovensko
SL sle sierra-leone sierra-leona serra-leoa
SM smr san-marino saint-marin
SN sen senegal senegaal
SO som somalia somalie soomaaliya الصومال
SR sur suriname surinam
SS ssd south-sudan sudan-del-sur soudan-du-sud sudao-do-sul sudsudan
ST stp sao-tome-and-principe santo-tome-y-principe sao-tome-et-principe sao-tome-e-principe sao-tome-und-principe
SV slv el-salvador salvador
SX sxm sint-maarten saint-martin-partie-neerlandaise
SY syr syria siria syrie syrien سوريا syrian-arab-republic
SZ swz eswatini esuatini essuatini swaziland
TC tca turks-and-caicos-islands islas-turcas-y-caicos iles-turques-et-caiques ilhas-turcas-e-caicos
   turks-und-caicosinseln
TD tcd chad tchad chade tschad تشاد
TF atf french-southern-and-antarctic-lands territorios-australes-franceses terres-australes-francaises
   territorios-franceses-do-sul franzosische-sud-und-antarktisgebiete
TG tgo togo
TH tha thailand tailandia thailande ไทย
TJ tjk tajikistan tayikistan tadjikistan tadjiquistao tadschikistan тоҷикистон
TK tkl tokelau
TL tmp timor-leste timor-oriental east-timor
TM tkm turkmenistan turcomenistao
TN tun tunisia tunez tunisie tunesien تونس
TO ton tonga
TR tur turkiye turquia turquie turkei turkey
TT tto trinidad-and-tobago trinidad-y-tobago trinite-et-tobago trinidad-e-tobago trinidad-und-tobago
TV tuv tuvalu
TW twn taiwan 台灣 taiwan-province-of-china
TZ tza tanzania tanzanie tansania tanzania-united-republic-of united-republic-of-tanzania
UA ukr ukraine ucrania украіна украина
UG uga uganda ouganda
UM umi u-s-outlying-islands islas-menores-alejadas-de-ee-uu iles-mineures-eloignees-des-etats-unis
   ilhas-menores-distantes-dos-eua amerikanische-uberseeinseln
US usa united-states estados-unidos etats-unis vereinigte-staaten ʻamelika-hui-pu-ʻia united-states-of-america u-s-a
   u-s
UY ury uruguay uruguai
UZ uzb uzbekistan ouzbekistan uzbequistao usbekistan oʻzbekiston узбекистон
VA vat vatican-city ciudad-del-vaticano etat-de-la-cite-du-vatican cidade-do-vaticano vatikanstadt citta-del-vaticano
   holy-see
VC vct st-vincent-and-grenadines san-vicente-y-las-granadinas saint-vincent-et-les-grenadines sao-vicente-e-granadinas
   st-vincent-und-die-grenadinen
VE ven venezuela venezuela-bolivarian-republic-of
VG vgb british-virgin-islands islas-virgenes-britanicas iles-vierges-britanniques ilhas-virgens-britanicas
   britische-jungferninseln
VI vir u-s-virgin-islands islas-virgenes-de-ee-uu iles-vierges-des-etats-unis ilhas-virgens-americanas
   amerikanische-jungferninseln
VN vnm vietnam viet-nam vietna
VU vut vanuatu
WF wlf wallis-and-futuna wallis-y-futuna wallis-et-futuna wallis-e-futuna wallis-und-futuna
WS wsm samoa
YE yem yemen iemen jemen اليمن
YT myt mayotte
ZA zaf south-africa sudafrica afrique-du-sud africa-do-sul sudafrika iningizimu-afrika emzantsi-afrika suid-afrika
   afrika-borwa aforika-borwa
ZM zmb zambia zambie sambia
ZW zwe zimbabwe zimbabue simbabwe
"""


def country_codes() -> dict[str, str]:
    """The alpha-2 code of each folded name and code."""
    found: dict[str, str] = {}
    code = ""
    for word in NAMES.split():
        code = word if word.isupper() and len(word) == 2 else code
        found[word.casefold()] = code
    return found
