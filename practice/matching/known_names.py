"""First names that are short for each other, and ones so common that none is another misspelled.

Not here: how frequent they are, which each practice's own lists say.
"""

from __future__ import annotations

from practice.matching.names import bare

__all__ = ["COMMON_FIRST_NAMES", "short_for_each_other"]

_SHORT_FORMS = """
alexander alex sascha xander | alexandra alex sandra sascha | andreas andi andy | andrea andi
angelika geli angela | anna anni anne annika | anneliese anne liesel | annemarie anne anni
barbara babsi bärbel barbel | benjamin ben benny | bernhard bernd berni | brigitte gitte gitti
charlotte lotte lotti | christian chris | christiane christina chris tina | christine christina
christl chris tina | christoph christopher chris stoffel | daniel dani danny | daniela dani
dominik nik | dorothea dora thea dorle doris | eduard edi ede | eleonore nora elli lore
elisabeth lisa elli sissi liesel lisbeth else elsbeth betty | emil milo | ferdinand ferdi
florian flo | franziska franzi | franz franzl | friedrich fritz friedel frieder | friedhelm friedel
gabriele gabi gaby | georg schorsch jörg | gerhard gerd gerti | gertrud trude gerti traudel
günter günther | hannelore hanne lore | hans johannes johann hannes hansi | harald harry
heinrich heinz heiner hein | helene leni lena hella | helga helgi | hermann menne
hildegard hilde | ingeborg inge | irmgard irmi | jakob jockel | joachim achim jochen jo
johanna hanna hanne jo | josef sepp joseph jupp beppo | josefine fine josi | julia jule
karl karli carl | karoline caroline line caro | katharina kathi käthe katja katrin kati
klaus niklas nikolaus claus nico | konrad conny konny | kornelia conny konny | kurt conrad
leonard leonhard leo leon | leopold leo poldi | ludwig lutz luis | magdalena magda leni lena
manfred manni fred | manuela manu | manuel manu | margarete margarethe grete gretel marga gitta
margret rita | maria marie mia mitzi | marianne janne | martina tina | martin maddin
matthias mathias matze hias | maximilian max maxi | melanie mel | michael michi micha michel mike
michaela michi micha | monika moni | nikolaus nico klaus nik | norbert nobby | otto ottmar
patricia patty | peter pit | philipp phil | rebekka becky | reinhard reiner | renate reni nate
robert rob bob robbie | roland rolli | rosemarie rosi | rudolf rudi rolf | sabine bine
sebastian basti wastl | siegfried sigi siggi | siegrid sigi | sigrid sigi | simon simmi
sofie sophie | stefan stephan steffen | stefanie stephanie steffi | susanne susi sanne
svetlana sveta lana | theodor theo | theresa therese resi | thomas tom tommi | tobias tobi
ulrich uli ulli | ulrike uli rike | ursula uschi ulla ursel | valentin vale | veronika vroni
vinzenz vinz | viktoria vicky | walter walti | walburga burgl | werner wernher
wilhelm willi willy wim | wilhelmine mina minna | wolfgang wolf wolfi | xaver xaverl
mehmet mohammed muhammed mohamed memet | mustafa musti | aleksandra ola | katarzyna kasia
malgorzata gosia | agnieszka aga | krzysztof kris | tomasz tomek | jekaterina katja ekaterina
dmitri dima dimitri | alexej aljoscha alexei | wladimir wolodja vladimir
"""

_COMMON = """
achim adam albert alena alex alexander alexandra ali alice alina amelie andrea andreas angela
angelika anika anita anja anke ann anna anne annett annette annika anton antonia antje arne arthur
astrid axel barbara beate ben benedikt benjamin bernd bernhard bettina bianca birgit bjorn brigitte
britta bruno carina carla carmen carolin carolina caroline carsten celine charlotte christa
christel christian christiane christin christina christine christoph christopher clara claudia
claus cornelia dagmar daniel daniela dario david denis denise dennis detlef diana dieter dietmar
dirk dominik dominika doreen doris dorothea edith eleonore elena elfriede elias elif elisa
elisabeth elke ella ellen elsa emil emilia emilie emilio emily emine emma enrico erich erik erika
erna ernst erwin esther eva evelyn fabian fabio fatih fatma felix fiona finja finn florian frank
franz franziska frauke frederik frida fridolin friederike friedrich fritz gabriel gabriela gabriele
georg gerald gerda gerhard gero gertrud gisela gregor gudrun guido gunter hakan hanna hannelore
hannes hans harald hartmut hasan hatice heike heiko heinrich heinz helen helena helene helga helmut
hendrik henri henrik henry herbert hermann hilde hildegard holger horst hubert ida ilona ilse ina
ines inga inge ingeborg ingo ingrid irene irina iris irmgard isabel isabella isabelle jakob jan
jana jane janina janine jannik jannis jasmin jennifer jens jessica joachim johann johanna johannes
jonas jonathan jorg josef josefine joseph josephine judith julia julian juliana juliane julius
jurgen jutta kai karin karina karl karla karolina karsten katarina katharina kathrin katja katrin
kerstin kevin kira klara klaus konrad konstantin kurt lara larissa lars laura laurin lea lena leni
lennard lennart leo leon leonard leonie leonhard levin lia liam lilli lina linda linn linus lisa
lorena lorenz lotta louis louisa louise luca lucas lucia ludwig luis luisa luise lukas luke lutz
lydia magdalena maik maja malte mandy manfred manuel manuela mara marc marcel marco marcus maren
margarete margit margot margret maria marian marianna marianne marie mariella marija marina mario
marion marius mark markus marlene marlies marta martha martin martina marvin mathias mathilda
mathilde matteo matthias max maxi maxim maximilian maya mechthild mehmet melanie melina melissa mia
michael michaela michel michelle mika mila milena mina miriam mirja mirjam mohamed mohammed monika
monique moritz murat mustafa nadine nadja natalia natalie neele nele nick nico nicola nicolas
nicole niklas nils nina noah noel nora norbert norman olaf ole oliver oscar oskar otto pascal
patricia patrick patrik paul paula paulina pauline peter petra philip philipp pia rafael raik rainer
ralf ralph ramona rebecca regina reinhard reinhold renate rene ricarda richard rita robert robin
roland rolf roman romy ronny rosa rosemarie rudi rudolf ruth sabine sabrina samuel sandra sara sarah
sascha saskia sebastian selin selina sigrid silke silvia simon simone sina sofia sofie sonja sophia
sophie stefan stefanie steffen steffi stella stephan stephanie sunny susan susann susanna susanne
suse svea sven svenja swen sylvia tamara tanja tatjana teresa theo theodor theresa thilo thomas
thore thorben thorsten tim timo tina tino tobias tom toni torben torsten udo ulf uli ulla ulrich
ulrike ursula ute uwe valentin valentina vanessa vera verena veronika victor victoria viktor
viktoria vincent volker waltraud werner wilhelm willi wolfgang yannick yannik yasmin yusuf yvonne
zeynep zoe
"""


def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    lines = " | ".join(_SHORT_FORMS.strip().splitlines())
    for number, group in enumerate(lines.split("|")):
        for name in group.split():
            found.setdefault(bare(name), set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


_GROUPS = _groups()
_NONE: frozenset[int] = frozenset()

#: As `names.bare` writes them.
COMMON_FIRST_NAMES = frozenset(bare(name) for name in _COMMON.split())


def short_for_each_other(one: str, other: str) -> bool:
    """Say whether two bare first names are forms of one: Hans and Johannes."""
    return not _GROUPS.get(one, _NONE).isdisjoint(_GROUPS.get(other, _NONE))
