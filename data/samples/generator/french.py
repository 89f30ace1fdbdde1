"""The French mailings, in the order in which they were sent."""

from generator.plan import LETTRE, Block, Fate, Mailing, Product

SAUGE = ("#2b3a2a", "#7a9a6c", "#f2f6ee")
OCRE = ("#52300f", "#cf7f2f", "#fdf3e7")

MAREE = Product("Marée du matin 250 g", 11.5)
ATRE = Product("Espresso de l’âtre 250 g", 12.0)
COFFRET = Product("Coffret découverte", 29.0)

MAILINGS = (
    Mailing(
        id="c05",
        page="printemps",
        title="Lettre de printemps",
        subject="Le printemps arrive dans votre tasse",
        preview="Un café plus clair, une recette sans matériel, et des nouvelles de l’atelier.",
        from_name="Nora de Corriveen",
        audience=LETTRE,
        sent_at="2026-03-19T08:00:00Z",
        folder="Lettres",
        tags=("newsletter", "français"),
        colours=SAUGE,
        blocks=(
            Block(
                "hero",
                "Le printemps arrive dans votre tasse",
                "Dès que les jours rallongent, nous torréfions un peu plus clair. Le café y gagne des notes"
                " d’abricot et de fleur d’oranger. Qui a dit qu’il fallait attendre l’été ?",
                "Goûter le printemps",
                "fr/cafes/maree-du-matin",
            ),
            Block(
                "story",
                "Sans balance, sans bouilloire",
                "Deux cuillères, une tasse, quatre minutes : la recette de ceux qui partent en week-end.",
                "Lire la recette",
                "fr/journal/sans-balance",
            ),
            Block(
                "product",
                "Coffret découverte",
                "Trois petits sachets et une carte pour apprendre à les distinguer.",
                "Voir le coffret",
                "fr/cadeaux/coffret-decouverte",
                "29,00 €",
            ),
            Block(
                "story",
                "Livraison en deux jours",
                "France, Belgique, Luxembourg et Suisse : nous expédions le mardi et le jeudi.",
                "Délais et tarifs",
                "fr/livraison",
            ),
            Block("note", "", "Une lettre manquée ?", "Toutes nos lettres", "fr/journal"),
        ),
        products=(MAREE, COFFRET),
        fate=Fate(appeal=1.04, clicks=0.085, orders=0.14, unsubscribes=2, forwards=3),
    ),
    Mailing(
        id="c11",
        page="rentree",
        title="Rentrée 2026",
        subject="La rentrée, un café à la fois",
        preview="L’abonnement qui s’adapte à vos semaines, et −10 % sur le premier envoi.",
        from_name="Nora de Corriveen",
        audience=LETTRE,
        sent_at="2026-09-22T07:30:00Z",
        folder="Lettres",
        tags=("newsletter", "français", "abonnement"),
        colours=OCRE,
        blocks=(
            Block(
                "hero",
                "La rentrée, un café à la fois",
                "Les agendas se remplissent, le paquet de café se vide. Notre abonnement arrive avant la"
                " dernière dose, et se met en pause d’un clic pendant vos vacances.",
                "Découvrir l’abonnement",
                "fr/abonnement",
            ),
            Block(
                "product",
                "Espresso de l’âtre",
                "Cacao, noisette grillée, une belle longueur. Pour les matins pressés.",
                "Choisir ce café",
                "fr/cafes/espresso-de-l-atre",
                "12,00 €",
            ),
            Block(
                "product",
                "Marée du matin",
                "Abricot et chocolat au lait ; il pardonne tout, même la cafetière de bureau.",
                "Choisir ce café",
                "fr/cafes/maree-du-matin",
                "11,50 €",
            ),
            Block(
                "story",
                "Le café au bureau",
                "Comment convaincre vos collègues : une dégustation à l’aveugle en dix minutes.",
                "Préparer la dégustation",
                "fr/journal/au-bureau",
            ),
            Block("note", "", "Moins 10 % sur le premier envoi.", "J’en profite", "fr/abonnement"),
        ),
        products=(ATRE, MAREE, COFFRET),
        fate=Fate(appeal=0.97, clicks=0.135, orders=0.2, unsubscribes=3, complaints=1, forwards=2),
    ),
)
