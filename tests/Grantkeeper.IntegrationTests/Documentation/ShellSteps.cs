using System.Text;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Documentation;

/// <summary>A command of a document, taken apart as a shell does: its words, and the variables that stand before it.</summary>
/// <param name="Assigned">For example <c>SANDBOX_CLIENTS</c>.</param>
/// <param name="Words">The command and its arguments.</param>
internal sealed record ShellStep(IReadOnlyDictionary<string, string> Assigned, IReadOnlyList<string> Words)
{
    public string Command => Words[0];

    /// <summary>The argument after an option; every time that it is given.</summary>
    public IEnumerable<string> ValuesOf(string option) => Words.Zip(Words.Skip(1)).Where(pair => pair.First == option).Select(pair => pair.Second);
}

/// <summary>Reads the commands of a document's fenced blocks: quotes, backslashes at line ends, <c>$NAME</c>. What it does not know it refuses.</summary>
internal static partial class ShellSteps
{
    /// <summary>The fenced blocks of a document in their order: language and text.</summary>
    public static IReadOnlyList<(string Language, string Text)> Blocks(string document) =>
        [.. Block().Matches(document.ReplaceLineEndings("\n")).Select(match => (match.Groups["language"].Value, match.Groups["text"].Value))];

    /// <summary>The commands of a block.</summary>
    /// <param name="text">The block.</param>
    /// <param name="variables">What <c>$NAME</c> stands for.</param>
    public static IEnumerable<ShellStep> Read(string text, IReadOnlyDictionary<string, string> variables)
    {
        foreach (var line in text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var words = Split(line, variables);
            var assigned = words.TakeWhile(word => Assignment().IsMatch(word)).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            yield return new ShellStep(assigned, words.Skip(assigned.Count).ToList());
        }
    }

    private static List<string> Split(string line, IReadOnlyDictionary<string, string> variables)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, isWord) = ('\0', false);
        for (var place = 0; place < line.Length; place++)
        {
            var letter = line[place];
            if (quote == '\0' && letter is '\'' or '"' && (quote == '\0' || quote == letter))
                (quote, isWord) = (quote == letter ? '\0' : letter, true);
            else if (letter == quote)
                quote = '\0';
            else if (letter == '$' && quote != '\'')
            {
                var name = Name().Match(line, place + 1).Value;
                word.Append(variables[name]);
                (place, isWord) = (place + name.Length, true);
            }
            else if (letter == ' ' && quote == '\0')
                End();
            else if (quote == '\0' && letter is '|' or ';' or '`' or '>' or '<' && quote == '\0')
                throw new InvalidOperationException($"This reader does not know {letter} in: {line}");
            else
                (_, isWord) = (word.Append(letter), true);
        }

        End();
        return words;

        void End()
        {
            if (isWord)
                words.Add(word.ToString());
            word.Clear();
            isWord = false;
        }
    }

    [GeneratedRegex("^```(?<language>\\w+)\n(?<text>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex("^[A-Z_]+=")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\G[A-Z_]+")]
    private static partial Regex Name();
}
